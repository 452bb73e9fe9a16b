export { fastq as default, fastq as 'module.exports' } from './fastq/fastq.ts'
export { promise } from './fastq/promise.ts'
export type { asyncWorker, done, errorHandler, queue, queueAsPromised, worker } from './fastq/types.ts'
