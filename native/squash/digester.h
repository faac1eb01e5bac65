/* Hashes in a thread of its own, so that who reads a layer need not wait for it. */
#ifndef DIGESTER_H
#define DIGESTER_H

#include "common.h"

struct digester;

/* Dies when there is no such algorithm. */
struct digester *digester_open(const char *algorithm);
/* The bytes are hashed behind all that came before. They must stay as they are until DIGESTER_BEHIND further calls. */
#define DIGESTER_BEHIND 8
void digester_add(struct digester *digester, const uint8_t *data, size_t size);
/* Waits for all; gives the size of the digest, at most EVP_MAX_MD_SIZE. */
unsigned digester_close(struct digester *digester, unsigned char *digest);

#endif
