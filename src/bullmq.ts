/**
 * The side of the worker machine, and limits that machines share.
 *
 * @module taskscope/bullmq
 */

export { ConnectionError } from './connection/errors.ts'
export type { Connection } from './connection/target.ts'
export { shared } from './distributed/limits/shared.ts'
export type { SharedLimit, SharedLimitOptions } from './distributed/limits/types.ts'
export type { DistributedOptions, SharedCallOptions } from './distributed/options.ts'
export { serve } from './distributed/serve/serve.ts'
export type { ServeOptions } from './distributed/serve/serve-options.ts'
export type { Service, ServiceReport } from './distributed/serve/service.ts'
