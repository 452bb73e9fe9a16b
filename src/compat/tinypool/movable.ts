import { transfer } from '../../worker/functions/transfer.ts'

/** Of a value: what is moved instead of being copied. */
export const kTransferable: unique symbol = Symbol.for('Tinypool.transferable') as never
/** Of a value: what is sent in its place. */
export const kValue: unique symbol = Symbol.for('Tinypool.valueOf') as never
/** Of a task: what a task queue of one's own would look at. */
export const kQueueOptions: unique symbol = Symbol.for('Tinypool.queueOptions') as never
/** A worker may have this library twice. */
export const MOVABLE: symbol = Symbol.for('taskscope.tinypool.movable')

interface Moving {
  readonly [kTransferable]: object
  readonly [kValue]: object
}

/** Whether it says what of it is moved, and what is sent. */
export function isTransferable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && kTransferable in value && kValue in value
}

/** Whether `Tinypool.move` was called with it, or has given it. */
export function isMovable(value: unknown): boolean {
  return isTransferable(value) && (value as Record<symbol, unknown>)[MOVABLE] === true
}

/** Says that it is moved when it is sent. */
export function markMovable(value: object): void {
  Object.defineProperty(value, MOVABLE, { value: true, writable: true, configurable: true })
}

/** Says of a value that it is moved to the other side when it is the task or the result; of no object, nothing. */
export function move(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const moving = isTransferable(value) ? (value as Moving) : movingOf(value)
  markMovable(moving)
  transfer(moving[kValue], [moving[kTransferable]])
  return moving
}

function movingOf(value: object): Moving {
  return { [kTransferable]: ArrayBuffer.isView(value) ? value.buffer : value, [kValue]: value }
}

/** What is sent for a task. */
export function sent(task: unknown): unknown {
  return isMovable(task) ? (task as Moving)[kValue] : task
}
