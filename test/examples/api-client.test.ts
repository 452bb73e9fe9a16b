import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseArguments } from '../../examples/api-client/arguments.ts'
import { prompts } from '../../examples/api-client/prompts.ts'
import { Api } from '../../examples/api-client/server.ts'

const SCRIPT = resolve(import.meta.dirname, '../../examples/api-client/main.ts')

/** Runs to the end. */
function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { timeout: 50_000 })
  return { status, stdout: stdout.toString(), stderr: stderr.toString() }
}

/** A run whose calls have begun, and all that it prints. */
async function begun(...args: string[]): Promise<{ child: ChildProcess; output: () => string }> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk
    })
  }
  await once(child.stderr, 'data')
  return { child, output: () => output }
}

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('api-client', () => {
  it('loses no call, and none is refused', () => {
    const { status, stdout } = run()
    expect(stdout).toMatch(/^calls +100 {2}answered, 0 without an answer$/m)
    expect(stdout).toMatch(/^retries +[1-9]\d*$/m)
    expect(stdout).toMatch(/^refused +0 {2}by the API with 429$/m)
    expect(stdout).toMatch(/^tokens per second +[\d,]+ /m)
    expect(stdout).toMatch(/^time +[\d.]+ {2}seconds$/m)
    expect(status).toBe(0)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops at once on %s, however often it comes', async (signal, exitCode) => {
    const { child, output } = await begun('--calls', '10000')
    const closed = once(child, 'close')
    child.kill(signal)
    child.kill(signal)
    expect(await closed).toEqual([exitCode, null])
    expect(output()).toMatch(/^calls +\d+ {2}answered, [\d,]+ without an answer$/m)
    expect(output()).toMatch(new RegExp(`^api-client: stopped by ${signal}$`, 'm'))
  })

  it('ends quietly when the reader has left', async () => {
    const { child, output } = await begun('--calls', '1')
    child.stdout?.destroy()
    expect(await once(child, 'close')).toEqual([0, null])
    expect(output()).not.toMatch(/EPIPE|Error/)
  })

  describe('wrong usage', () => {
    it('is one line and exit code 2', () => {
      const { status, stdout, stderr } = run('--fast')
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toMatch(/^api-client: Unknown option '--fast'.*\n$/)
    })

    it.each([
      [['--calls', '0'], '--calls must be a whole number from 1 to 10000, got "0"'],
      [['--calls=10001'], '--calls must be a whole number from 1 to 10000, got "10001"'],
      [['--calls=1.5'], '--calls must be a whole number from 1 to 10000, got "1.5"'],
      [['--calls='], '--calls must be a whole number from 1 to 10000, got ""'],
      [['5'], "Unexpected argument '5'"],
    ])('names what is wrong: %j', (args, message) => {
      expect(() => parseArguments(args)).toThrow(expect.objectContaining({ name: 'UsageError' }))
      expect(() => parseArguments(args)).toThrow(message)
    })
  })

  it('explains itself on stdout with --help', () => {
    const { status, stdout, stderr } = run('--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: npm run example:api -- .*--calls.*--help.*Exit codes:/s)
  })

  describe('Api', () => {
    let api: Api

    beforeEach(async () => {
      api = await Api.start({ requestsPerSecond: 20, tokensPerSecond: 4_000 })
    })

    afterEach(() => api.close())

    async function statuses(bodies: readonly string[]): Promise<number[]> {
      const responses = await Promise.all(bodies.map(body => fetch(api.url, { method: 'POST', body })))
      return responses.map(response => response.status).toSorted((a, b) => a - b)
    }

    it('refuses tokens above its rules', async () => {
      const big = prompts(1).map(prompt => `${prompt} `.repeat(60).trim())
      expect(await statuses([...big, ...big])).toEqual([200, 429])
      expect(api.refused).toBe(1)
      expect(api.busiestSecond).toEqual({ requests: 1, tokens: 2_400 })
    })

    it('is unavailable for every tenth request', async () => {
      expect(await statuses(prompts(10))).toEqual([...Array(9).fill(200), 503])
      expect(api.unavailable).toBe(1)
    })
  })
})
