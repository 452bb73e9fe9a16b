/** What acquiring rejects with once the time of `withTimeout` is over, unless another error was given. */
export const E_TIMEOUT: Error = new Error('timeout while waiting for mutex to become available')

/** What acquiring rejects with by `tryAcquire` where it would have to wait, unless another error was given. */
export const E_ALREADY_LOCKED: Error = new Error('mutex already locked')

/** What those who wait are rejected with by `cancel()`, unless the constructor was given another error. */
export const E_CANCELED: Error = new Error('request for lock canceled')
