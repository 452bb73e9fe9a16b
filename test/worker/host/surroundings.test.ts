import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { environment, processFlags } from '../../../src/worker/parent/surroundings.ts'
import { RunningProgram } from '../../running-program.ts'

const { execArgv } = process
const { NODE_OPTIONS } = process.env

afterEach(() => {
  process.execArgv = execArgv
  delete process.env.NODE_OPTIONS
  if (NODE_OPTIONS !== undefined) process.env.NODE_OPTIONS = NODE_OPTIONS
})

describe('processFlags', () => {
  it.each([
    [['--expose-gc', '--import', './hooks.js', '-r', 'x']],
    [['--inspect-brk=127.0.0.1:9229'], []],
    [['--inspect', '--expose-gc'], ['--expose-gc']],
    [['--inspect-port', '0', '--expose-gc'], ['--expose-gc']],
    [['-e', 'console.log(1)', '--expose-gc'], ['--expose-gc']],
    [['--eval=1', '-p', '1', '-pe', '2', '--print'], []],
    [['--input-type', 'module', '--input-type=module'], []],
    [['--test', '--test-reporter', 'spec', '--watch', '--watch-path=src'], []],
    [
      ['--enable-source-maps', '--conditions=x'],
      ['--enable-source-maps', '--conditions=x'],
    ],
  ])('of %j keeps what a worker can have too', (flags, kept = flags) => {
    process.execArgv = flags
    expect(processFlags({})).toEqual(kept)
  })

  it('are those of the options when there are any', () => {
    expect(processFlags({ execArgv: ['--inspect=0'] })).toEqual(['--inspect=0'])
  })

  it('limit the memory', () => {
    const resourceLimits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 12, stackSizeMb: 4 }
    expect(processFlags({ execArgv: [], resourceLimits })).toEqual([
      '--max-old-space-size=64',
      '--max-semi-space-size=4',
    ])
  })
})

describe('a worker', () => {
  it('is started by its own options, whatever is found on Object.prototype', async () => {
    const fixture = (name: string) => new URL(`../../fixtures/${name}.ts`, import.meta.url)
    const flag = '--disable-warning=ExperimentalWarning'
    const program = new RunningProgram(fileURLToPath(fixture('polluted-prototype')), [fixture('worker-functions').href])
    expect([await program.ended, program.stderr]).toEqual([0, ''])
    const usual = {
      argv: [],
      cwd: process.cwd(),
      execArgv: [flag],
      execPath: process.execPath,
      ...(process.getuid && { uid: process.getuid() }),
      ...(process.env.NODE_OPTIONS !== undefined && { nodeOptions: process.env.NODE_OPTIONS }),
    }
    expect(
      program.stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual([usual, usual])
  })
})

describe('environment', () => {
  it('has no inspector in NODE_OPTIONS', () => {
    process.env.NODE_OPTIONS = '--inspect-brk --max-old-space-size=512'
    expect(environment({}).NODE_OPTIONS).toBe('--max-old-space-size=512')
  })

  it('leaves other NODE_OPTIONS as they are', () => {
    process.env.NODE_OPTIONS = '--require "/with space/x.js"'
    expect(environment({}).NODE_OPTIONS).toBe('--require "/with space/x.js"')
  })
})
