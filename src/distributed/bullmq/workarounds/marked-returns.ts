import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'

/**
 * Tells idle workers of a Redis that a job has gone back to its queue: for one with a priority BullMQ's `moveToWait` adds no
 * marker, and they would look by themselves, seconds later.
 *
 * Read in BullMQ 6.7.0, `scripts/moveJobFromActiveToWait-9.js`, line 106: `pushBackJobWithPriority(KEYS[7], priority, jobId)`.
 * Delete when a marker is added after it, as `addJobInTargetList` does for jobs without a priority.
 */
export async function markReturned(redis: Redis, queue: Queue): Promise<void> {
  await redis.zadd(queue.toKey('marker'), 0, '0')
}
