import type { HostExit } from './host.ts'
import type { FromWorker, ToWorker, TransferList } from './protocol.ts'

/** A worker that was started, as a thread or as a process: what is different between the two, and nothing else. */
export interface Link {
  readonly kind: 'thread' | 'process'
  readonly id: number
  /** Throws when the message can't be cloned; says nothing when the worker is gone. */
  post(message: ToWorker, transfer?: TransferList): void
  /** Whether a field of an error can be carried: returns its copy, or throws. */
  readonly carry: (value: unknown) => unknown
  /** Resolves when what it has written so far, in bytes, has arrived here. */
  printed(stdout: number, stderr: number): Promise<void>
  /** Resolves when everything has been passed on that it had printed when it ended. */
  drained(): Promise<void>
  /** Ends the worker for sure, whatever it does; `exited` follows. */
  end(): void
  /** Whether the worker keeps this process alive. */
  hold(alive: boolean): void
}

/** Who started it hears of it. `exited` comes once, after the last message. */
export interface LinkListener {
  /** What it is has to be seen. */
  message(message: unknown): void
  /** Something has arrived that can't be read. */
  spoiled(error: unknown): void
  exited(exit: Omit<HostExit, 'requested'>): void
}

/** The way back to the caller's side, from inside the worker. */
export interface Uplink {
  readonly kind: 'thread' | 'process'
  post(message: FromWorker, transfer?: TransferList): void
  readonly carry: (value: unknown) => unknown
  /** How many bytes this worker holds. */
  memory(): number
  /** Ends this worker, which is needed no longer. */
  exit(): void
  /** Ends this worker, whose calls can't be served any more, and says why: none of them may wait for ever. */
  crash(error: unknown): void
}
