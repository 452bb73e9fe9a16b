import { describe, expect, it } from 'vitest'
import { KINDS, run } from './hosts.ts'

const MEGABYTES = 1024 * 1024

describe.each(KINDS)('the memory of a %s', (_kind, start) => {
  it('is told in bytes, and grows with what its functions keep', async () => {
    const host = start()
    const before = await host.memory()
    expect(before).toBeGreaterThan(MEGABYTES)
    await run(host, 'hold', [64])
    expect(await host.memory()).toBeGreaterThan(before + 48 * MEGABYTES)
  })
})
