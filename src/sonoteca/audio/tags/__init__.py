"""What tags say: ID3, APEv2 and MP4 atoms read here, value by value, and the rest as FFmpeg hands it out."""
