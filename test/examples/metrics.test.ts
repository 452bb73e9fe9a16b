import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { until } from '../harness.ts'

const SCRIPT = resolve(import.meta.dirname, '../../examples/metrics/main.ts')

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('the example of metrics', () => {
  it('serves the counts of what runs, until it is stopped', async () => {
    const args = ['--disable-warning=ExperimentalWarning', SCRIPT]
    const child = spawn(process.execPath, args, { env: { ...process.env, PORT: '0' } })
    const exit = once(child, 'close')
    let stderr = ''
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const url = /http:\S+\/metrics/.exec(line)?.[0] as string
    const scrape = async () => (await fetch(url)).text()
    await until(async () =>
      /^taskscope_tasks_ended_total\{manager="thumbnails",status="done"\} [1-9]/m.test(await scrape()),
    )
    expect(await scrape()).toMatch(/^taskscope_limit_used\{limit="disk"\} [0-2]$/m)
    const { headers } = await fetch(url)
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect((await fetch(new URL('/', url))).status).toBe(404)
    child.kill('SIGTERM')
    const [code] = await exit
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it.each(['xyz', '-1', '65536', '80.5'])('says in a line that PORT=%s is no port', port => {
    const args = ['--disable-warning=ExperimentalWarning', SCRIPT]
    const { status, stderr } = spawnSync(process.execPath, args, { env: { ...process.env, PORT: port } })
    expect([status, String(stderr)]).toEqual([
      2,
      `metrics: PORT must be a whole number from 0 to 65535, got "${port}"\n`,
    ])
  })
})
