#ifndef PRODUCT_H
#define PRODUCT_H

/* Reads a whole squashfs; records go to stdout. */
int read_product(const char *path, unsigned threads);

#endif
