import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const bursts = fileURLToPath(new URL('../fixtures/idle-bursts.ts', import.meta.url))

it.each(['tasks', 'limited tasks', 'permits'])(
  'keeps what V8 has optimised for %s when none is alive',
  { timeout: 120_000 },
  async kind => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--trace-deopt', bursts, kind], {
      maxBuffer: 2 ** 28,
    })
    // So V8 calls it that it found no object of a class any more: some twenty times a burst where nothing is kept.
    const thrownAway = stdout.split('\n').filter(line => line.includes('embedded weak objects cleared'))
    expect(thrownAway.length).toBeLessThan(70)
  },
)
