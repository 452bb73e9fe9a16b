import type { AbortSignalAny } from './types.ts'

/** Of a task whose signal was aborted. */
export class AbortError extends Error {
  override name = 'AbortError'

  constructor() {
    super('The task has been aborted')
  }
}

/** Of a task that was cancelled before it began. */
export class CancelError extends Error {
  override name = 'CancelError'

  constructor() {
    super('The task has been cancelled')
  }
}

/** Of a task whose pool was destroyed. */
export const terminated = (): Error => new Error('Terminating worker thread')

/** A signal as the manager follows one. */
export class Following {
  readonly signal: AbortSignal
  readonly end: () => void

  constructor(given: AbortSignalAny) {
    if (given instanceof AbortSignal) {
      this.signal = given
      this.end = () => {}
      return
    }
    const controller = new AbortController()
    const abort = () => controller.abort()
    this.signal = controller.signal
    if ('addEventListener' in given) {
      const target = given as unknown as EventTarget & { readonly aborted?: boolean }
      target.addEventListener('abort', abort, { once: true })
      if (target.aborted) abort()
      this.end = () => target.removeEventListener('abort', abort)
      return
    }
    given.once('abort', abort)
    this.end = () => void given.off('abort', abort)
  }
}
