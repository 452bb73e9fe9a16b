export type { LimitFunction, LimitOptions as Options } from './p-limit/p-limit.ts'
export { limitFunction, pLimit as default } from './p-limit/p-limit.ts'
