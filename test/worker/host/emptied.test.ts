import { createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { failure, KINDS, run } from './hosts.ts'

describe.each(KINDS)('a value that would arrive empty from a %s', (kind, start) => {
  it('fails its call, with its place', async () => {
    const error = await failure(run(start(), 'echo', [1, { signal: AbortSignal.abort() }]))
    expect(error).toBeInstanceOf(SerializationError)
    expect(error.message).toMatch(/^argument 2 of echo, at \.signal, is an AbortSignal, .*currentTask\(\)\.signal/)
  })

  it('fails its call only where it would be empty', async () => {
    const key = createSecretKey(Buffer.alloc(8))
    const echoed = run(start(), 'echo', [{ key }])
    if (kind === 'thread') expect(await echoed).toMatchObject([{ key: { type: 'secret' } }])
    else expect((await failure(echoed)).message).toMatch(/^argument 1 of echo, at \.key, is a SecretKeyObject/)
  })
})
