import { boolean, type Known, knownOptions } from '../base/options.ts'
import { WAIT_OPTIONS } from '../base/wait-timeout.ts'
import { ACQUIRE_OPTIONS } from './acquire/acquisition.ts'
import type { LimitAcquireOptions, LimitWaitOptions, TryLimitOptions } from './types.ts'

const TRY_OPTIONS: Known<TryLimitOptions> = { only: true }
const LIMIT_OPTIONS: Known<LimitAcquireOptions> = { ...TRY_OPTIONS, ...ACQUIRE_OPTIONS }
const WAIT: Known<LimitWaitOptions> = { ...TRY_OPTIONS, ...WAIT_OPTIONS }

/** Whether just what is named is to be taken; the other options are checked where they are used. */
export function isOnly(options: LimitAcquireOptions | undefined): boolean {
  return only(knownOptions('options', options, LIMIT_OPTIONS))
}

/** Like {@link isOnly}, where nothing is waited for. */
export function isOnlyTried(options: TryLimitOptions | undefined): boolean {
  return only(knownOptions('options', options, TRY_OPTIONS))
}

/** Like {@link isOnly}, where nothing is taken. */
export function isOnlyAwaited(options: LimitWaitOptions | undefined): boolean {
  return only(knownOptions('options', options, WAIT))
}

function only(options: TryLimitOptions | undefined): boolean {
  const { only: told = false } = options ?? {}
  return boolean('only', told)
}
