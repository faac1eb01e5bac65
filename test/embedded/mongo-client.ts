/**
 * Clients of the index for tests.
 */
import mongoose from 'mongoose';

export type MongoClient = InstanceType<typeof mongoose.mongo.MongoClient>;
export type Collection<T extends mongoose.mongo.Document> = mongoose.mongo.Collection<T>;

/** One client with its own connections, `connections` of them at once. */
export async function mongoClient(uri: string, connections: number): Promise<MongoClient> {
  const { MongoClient } = mongoose.mongo;
  return new MongoClient(uri, {
    minPoolSize: connections,
    maxPoolSize: connections,
    monitorCommands: true,
  }).connect();
}
