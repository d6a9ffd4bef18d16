"""A sentence model: texts become vectors that lie near each other where they mean alike."""
