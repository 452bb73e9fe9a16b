import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const WORKER = new URL('../../../src/worker.ts', import.meta.url)

describe.each(['thread', 'process'] as const)('a %s', mode => {
  it.each(['--input-type=module', '--input-type module', '--input-type=commonjs'])(
    'is started by a program that node has from its command line: %s',
    async flags => {
      const program = `
        import('${WORKER}').then(async ({ TaskWorker }) => {
          const worker = await TaskWorker.start({ mode: '${mode}' })
          console.log(await worker.submit(x => x * x, 5))
          await worker.stop()
        })`
      const args = ['--disable-warning=ExperimentalWarning', ...flags.split(' '), '--eval', program]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      expect(stdout).toBe('25\n')
    },
  )
})
