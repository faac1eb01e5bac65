#include "digester.h"

#include <openssl/evp.h>
#include <pthread.h>

struct piece {
	const uint8_t *data;
	size_t size;
};

struct digester {
	EVP_MD_CTX *hash;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, room;
	/* Pieces that came, and those that are done with; piece i lies at i modulo DIGESTER_BEHIND. */
	uint64_t given, done;
	struct piece pieces[DIGESTER_BEHIND];
	bool ends;
};

static void *work(void *argument)
{
	struct digester *digester = argument;

	pthread_mutex_lock(&digester->lock);
	for (;;) {
		while (digester->done == digester->given && !digester->ends)
			pthread_cond_wait(&digester->work, &digester->lock);
		if (digester->done == digester->given)
			break;
		struct piece piece = digester->pieces[digester->done % DIGESTER_BEHIND];

		pthread_mutex_unlock(&digester->lock);
		if (EVP_DigestUpdate(digester->hash, piece.data, piece.size) != 1)
			die(EXIT_OTHER, "the layer can't be hashed");
		pthread_mutex_lock(&digester->lock);
		digester->done++;
		pthread_cond_signal(&digester->room);
	}
	pthread_mutex_unlock(&digester->lock);
	return NULL;
}

struct digester *digester_open(const char *algorithm)
{
	struct digester *digester = must_alloc(sizeof(*digester));
	const EVP_MD *kind = EVP_get_digestbyname(algorithm);

	digester->hash = EVP_MD_CTX_new();
	if (kind == NULL || digester->hash == NULL || EVP_DigestInit_ex(digester->hash, kind, NULL) != 1)
		die(EXIT_OTHER, "no digest %s", algorithm);
	pthread_mutex_init(&digester->lock, NULL);
	pthread_cond_init(&digester->work, NULL);
	pthread_cond_init(&digester->room, NULL);
	if (pthread_create(&digester->thread, NULL, work, digester) != 0)
		die(EXIT_OTHER, "a thread can't be started");
	return digester;
}

void digester_add(struct digester *digester, const uint8_t *data, size_t size)
{
	pthread_mutex_lock(&digester->lock);
	while (digester->given - digester->done == DIGESTER_BEHIND)
		pthread_cond_wait(&digester->room, &digester->lock);
	digester->pieces[digester->given++ % DIGESTER_BEHIND] = (struct piece){ data, size };
	pthread_cond_signal(&digester->work);
	pthread_mutex_unlock(&digester->lock);
}

unsigned digester_close(struct digester *digester, unsigned char *digest)
{
	unsigned size;

	pthread_mutex_lock(&digester->lock);
	digester->ends = true;
	pthread_cond_signal(&digester->work);
	pthread_mutex_unlock(&digester->lock);
	pthread_join(digester->thread, NULL);
	EVP_DigestFinal_ex(digester->hash, digest, &size);
	return size;
}
