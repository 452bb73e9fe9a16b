export { fastq as default, fastq as 'module.exports', promise } from './fastq/fastq.ts'
export type { asyncWorker, done, errorHandler, queue, queueAsPromised, worker } from './fastq/types.ts'
