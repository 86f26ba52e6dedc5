"""Records 记录: what is printed and handed on, made from the journal by a child of low priority that only reads."""
