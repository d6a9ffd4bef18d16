"""The whole house looked over: is the library whole, is the machine right, does memory stay flat."""
