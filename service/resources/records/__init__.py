"""Images, specimens, taxa and spaces: what the collection holds."""
