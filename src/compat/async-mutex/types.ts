/** Gives back what was acquired; nothing the second time. `using` does it at the end of a block. */
export interface Releaser extends Disposable {
  (): void
}

/** What a semaphore can do, decorated or not. */
export interface SemaphoreInterface {
  /** Waits until the value is at least `weight` and takes it. Gives the value before and what gives it back. */
  acquire(weight?: number, priority?: number, signal?: AbortSignal): Promise<[value: number, release: Releaser]>
  /** Runs `callback` while holding `weight`, and gives it back however that ends. */
  runExclusive<T>(callback: (value: number) => Promise<T> | T, weight?: number, priority?: number): Promise<T>
  /** Resolves when `weight` could be taken; takes nothing. */
  waitForUnlock(weight?: number, priority?: number, signal?: AbortSignal): Promise<void>
  /** Whether the value is zero or less. */
  isLocked(): boolean
  getValue(): number
  /** Sets the value, and lets those in who wait for as much. */
  setValue(value: number): void
  /** Adds to the value, no matter who had taken it. */
  release(weight?: number): void
  /** Rejects all that wait to acquire. */
  cancel(): void
}

/** What a mutex can do, decorated or not. */
export interface MutexInterface {
  /** Waits until it is free and takes it. Gives what gives it back. */
  acquire(priority?: number, signal?: AbortSignal): Promise<Releaser>
  /** Runs `callback` while holding it, and gives it back however that ends. */
  runExclusive<T>(callback: () => Promise<T> | T, priority?: number): Promise<T>
  /** Resolves when it is free; takes nothing. */
  waitForUnlock(priority?: number, signal?: AbortSignal): Promise<void>
  isLocked(): boolean
  /** Gives it back, no matter who has it; does nothing when it is free. */
  release(): void
  /** Rejects all that wait to acquire. */
  cancel(): void
}
