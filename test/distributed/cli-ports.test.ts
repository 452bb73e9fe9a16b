import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { gated } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import type { RunningProgram } from '../running-program.ts'
import { describeEachOwnServer, describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue, queueName } from '../servers/queues.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import { caller, command, FUNCTIONS, serving } from './command-line.ts'

const NOBODY = 'redis://127.0.0.1:1'

let folder: string
let gate: string

beforeEach(() => {
  folder = temporaryFolder()
  gate = join(folder, 'gate')
})

/** Where it has said that something is. */
function urlOf({ stderr }: RunningProgram, what: 'metrics' | 'inspector'): string {
  return stderr.match(new RegExp(`${what} on (http://\\S+?/)(metrics,)?`))?.[1] as string
}

async function get(url: string, headers?: Record<string, string>) {
  const response = await fetch(url, { headers: { ...headers, connection: 'close' } })
  return {
    status: response.status,
    text: (await response.text()).trimEnd(),
    type: response.headers.get('content-type'),
  }
}

const status = async (url: string) => (await get(url)).status

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('taskscope serve with ports', () => {
  describeEachServer('serves', server => {
    it('metrics, health and the page until it has stopped', async () => {
      const queue = ownQueue(server)
      const args = [FUNCTIONS, '--metrics', '0', '--inspect', '0', '--close-timeout', '600000']
      const program = await serving(server, queue, args)
      const [metrics, page] = [urlOf(program, 'metrics'), urlOf(program, 'inspector')]
      expect(await get(`${metrics}live`)).toMatchObject({ status: 200, text: 'live' })
      expect(await get(`${metrics}ready`)).toMatchObject({ status: 200, text: 'ready' })
      expect(await status(`${metrics}other`)).toBe(404)
      expect(await get(page)).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' })
      expect(await get(`${page}api/history?target=${queue}`)).toMatchObject({ status: 200 })

      const call = caller(server, queue, gated<string>)(join(folder, 'notes'), gate, 'value')
      const running = `taskscope_tasks{manager="${queue}",status="running"} 1`
      await until(async () => (await get(`${metrics}metrics`)).text.includes(running))
      expect((await get(`${metrics}metrics`)).type).toBe('text/plain; version=0.0.4; charset=utf-8')

      program.kill('SIGTERM')
      await program.until('stderr', 'stopping: 1 running call')
      expect(await get(`${metrics}ready`)).toMatchObject({ status: 503, text: 'closing' })
      expect(await status(`${metrics}live`)).toBe(200)
      expect((await get(`${metrics}metrics`)).text).toContain(`taskscope_closed{manager="${queue}"} 1`)
      expect(await status(page)).toBe(200)
      // A page that looks on must not keep it from ending.
      const events = await fetch(`${page}api/events`)
      writeFileSync(gate, '')
      expect(await call).toBe('value')
      expect(await program.ended).toBe(0)
      await events.body?.cancel().catch(() => {})
      await expect(fetch(`${metrics}live`)).rejects.toThrow()
    })
  })

  describeEachOwnServer('that has lost its server', ({ start }) => {
    it('is alive and not ready until it is back', async () => {
      await using server = await start()
      const program = await serving(server, queueName(), [FUNCTIONS, '--metrics', '0'])
      const metrics = urlOf(program, 'metrics')
      expect(await status(`${metrics}ready`)).toBe(200)
      await server.stop()
      await until(async () => (await status(`${metrics}ready`)) === 503)
      expect((await get(`${metrics}ready`)).text).toBe('the server of the queue does not answer')
      expect(await status(`${metrics}live`)).toBe(200)
      await server.start()
      await until(async () => (await status(`${metrics}ready`)) === 200)
      program.kill('SIGTERM')
      expect(await program.ended).toBe(0)
    })
  })

  it('is alive and not ready while it starts', async () => {
    const path = join(folder, 'tasks.mjs')
    writeFileSync(path, "setInterval(() => {}); console.log('loading'); await new Promise(() => {})")
    const program = command(['serve', path, '-q', 'q', '--redis', NOBODY, '--metrics', '0', '--inspect', '0'])
    await program.until('stdout', 'loading')
    await program.until('stderr', 'inspector on')
    const metrics = urlOf(program, 'metrics')
    expect(await status(`${metrics}live`)).toBe(200)
    expect(await get(`${metrics}ready`)).toMatchObject({ status: 503, text: 'starting' })
    expect(await status(`${metrics}metrics`)).toBe(503)
    expect(await status(urlOf(program, 'inspector'))).toBe(503)
  })

  describeEachServer('on another address', server => {
    it('shows the page to those with the token alone', async () => {
      const args = [FUNCTIONS, '--metrics', '0', '--inspect', '0', '--host', '0.0.0.0']
      const program = await serving(server, ownQueue(server), args, { env: { TASKSCOPE_TOKEN: 'secret' } })
      const page = urlOf(program, 'inspector').replace('0.0.0.0', '127.0.0.1')
      expect(await status(`${page}api/history`)).toBe(401)
      expect(await get(page, { authorization: 'Bearer secret' })).toMatchObject({ status: 200 })
      const metrics = urlOf(program, 'metrics').replace('0.0.0.0', '127.0.0.1')
      expect(await status(`${metrics}ready`)).toBe(200)
      expect(program.stderr).not.toContain('secret')
    })
  })

  it.each(['metrics', 'inspect'])('ends where the port of --%s is in use', async option => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const program = command(['serve', FUNCTIONS, '-q', 'q', '--redis', NOBODY, `--${option}`, String(port)])
    expect(await program.ended).toBe(1)
    expect(program.stderr).toBe(`taskscope: --${option}: port ${port} of 127.0.0.1 is in use already\n`)
    taken.close()
  })

  it('ends where there is no such address', async () => {
    const args = ['serve', FUNCTIONS, '-q', 'q', '--redis', NOBODY, '--metrics', '0', '--host', '203.0.113.1']
    const program = command(args)
    expect(await program.ended).toBe(1)
    expect(program.stderr).toBe('taskscope: --metrics: this machine has no address 203.0.113.1 to listen on\n')
  })
})
