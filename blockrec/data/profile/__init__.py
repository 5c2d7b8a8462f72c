"""What is in files of data: their columns, and a proposal of the features that read them."""
