"""One module a kind of file: each turns a file's bytes into a document. Heavy libraries are imported by the reader."""
