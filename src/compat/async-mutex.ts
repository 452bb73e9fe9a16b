export { Mutex } from './async-mutex/mutex.ts'
export { E_CANCELED, Semaphore } from './async-mutex/semaphore.ts'
export type { MutexInterface, Releaser, SemaphoreInterface } from './async-mutex/types.ts'
export { E_ALREADY_LOCKED, E_TIMEOUT, tryAcquire, withTimeout } from './async-mutex/with-timeout.ts'
