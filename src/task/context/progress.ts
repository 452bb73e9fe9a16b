import { show } from '../../base/options.ts'
import type { TaskProgress } from '../types.ts'

/** Brings both forms of progress into one; a number is a fraction of 1. */
export function normaliseProgress(value: number | TaskProgress): TaskProgress {
  if (typeof value === 'number') {
    if (!(value >= 0 && value <= 1)) throw new RangeError(`progress must be a fraction from 0 to 1, got ${show(value)}`)
    return Object.freeze({ completed: value, total: 1 })
  }
  if (value === null || typeof value !== 'object') {
    throw new TypeError(`progress must be a number or { completed, total?, message? }, got ${show(value)}`)
  }
  const { completed, total, message } = value
  checkAmount('progress.completed', completed)
  if (total !== undefined) checkAmount('progress.total', total)
  if (message !== undefined && typeof message !== 'string') {
    throw new TypeError(`progress.message must be a string, got ${show(message)}`)
  }
  return Object.freeze({
    completed,
    ...(total !== undefined && { total }),
    ...(message !== undefined && { message }),
  })
}

function checkAmount(option: string, value: unknown): void {
  if (typeof value !== 'number') throw new TypeError(`${option} must be a number, got ${show(value)}`)
  if (!(value >= 0)) throw new RangeError(`${option} must be zero or more, got ${show(value)}`)
}
