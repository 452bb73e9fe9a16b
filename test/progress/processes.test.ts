import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Terminal } from './terminal.ts'

const PROJECT = resolve(import.meta.dirname, '../..')
const PROGRAM = 'test/fixtures/progress.ts'
const ENV = { ...process.env, TERM: 'xterm', CI: '', NO_PROGRESS: '', NODE_NO_WARNINGS: '1' }
const FULL = '[========================] 100%'

interface Options {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

/** Runs a scenario in pipes. */
function piped(scenario: string, { env, cwd = PROJECT }: Options = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, scenario], {
    cwd,
    env: { ...ENV, ...env },
    encoding: 'utf8',
    timeout: 50_000,
  })
  return { status, stdout, stderr }
}

function onTerminal(scenario: string, redirection = ''): string[] {
  const command = `stty cols 60 rows 20; ${process.execPath} ${PROGRAM} ${scenario} ${redirection}`
  return ['-qec', command, '/dev/null']
}

/** Runs a scenario in a pseudo-terminal, and what it looks like at the end. */
function shown(scenario: string, { env, cwd = PROJECT }: Options = {}, redirection = '') {
  const { status, stdout } = spawnSync('script', onTerminal(scenario, redirection), {
    cwd,
    env: { ...ENV, ...env },
    input: '',
    encoding: 'utf8',
    timeout: 50_000,
  })
  return { status, ...screenOf(stdout) }
}

function screenOf(raw: string) {
  const terminal = new Terminal(60, 20)
  terminal.write(raw)
  const { text, wraps, cursorVisible } = terminal
  return { raw, rows: text.split('\n'), wraps, cursorVisible }
}

/** The lines of one stream, in the order in which the program wrote them. */
function lines(word: string): string[] {
  return Array.from({ length: 20 }, (_, index) => `${word} ${index + 1}`)
}

const hasScript = spawnSync('script', ['--version']).status === 0
const supported = process.platform === 'linux' && process.features.typescript

describe.skipIf(!supported || !hasScript)('progress in a pseudo-terminal (needs util-linux: script)', () => {
  it('stays below what the program prints on either stream, and tears none of it', () => {
    const { status, raw, rows, wraps } = shown('talk')
    expect(status).toBe(0)
    expect(rows.filter(row => row.startsWith('out'))).toEqual(lines('out'))
    expect(rows.filter(row => row.startsWith('err'))).toEqual(lines('err'))
    expect(rows.filter(row => !/^(out|err) \d+$/.test(row))).toEqual([
      `second ${FULL} 10/10, 2 failed`,
      `first ${FULL} 20/20, item 20`,
      'end',
    ])
    expect(raw).toContain('first [=')
    expect(wraps).toBe(true)
  })

  it('shows every line whole at any moment', () => {
    const { raw } = shown('talk')
    const terminal = new Terminal(60, 20)
    // Each write begins with one of these, or is a line of the program.
    for (const part of raw.split(/(?<=\n)|(?=\r)/)) {
      terminal.write(part)
      const words = terminal.text.split('\n').filter(row => /out|err/.test(row))
      for (const row of words) expect(row).toMatch(/^(out|err) \d+$/)
    }
  })

  it('keeps bars on stdout and on stderr apart', () => {
    expect(shown('both').rows).toEqual([`err ${FULL} 9/9`, `out ${FULL} 9/9`])
  })

  it('is apart from the results when those go elsewhere', () => {
    const { raw, rows } = shown('talk', {}, '> /dev/null')
    expect(raw).not.toContain('out')
    expect(rows.at(-1)).toBe(`first ${FULL} 20/20, item 20`)
  })

  it.each([
    ['under continuous integration', { CI: 'true' }],
    ['where the cursor cannot be moved', { TERM: 'dumb' }],
  ])('is lines %s', (_, env) => {
    const { raw, rows } = shown('talk', { env })
    expect(raw).not.toContain('\x1b')
    expect(rows).toContain('second: 10/10 (100 %), 2 failed')
  })

  it('is a bar under NO_COLOR, and nothing under NO_PROGRESS', () => {
    expect(shown('talk', { env: { NO_COLOR: '1' } }).raw).toContain('first [=')
    expect(shown('silent', { env: { NO_PROGRESS: '1' } }).raw).toBe('end\r\n')
  })

  it('follows the width of the terminal', () => {
    const { rows } = shown('resize')
    expect(rows.at(-1)).toMatch(/100% 10\/10$/)
    expect(rows.at(-1)?.length).toBeLessThan(30)
  })

  it('leaves a usable terminal and an intact trace behind a crash', () => {
    const { status, raw, rows, wraps, cursorVisible } = shown('crash')
    expect(status).toBe(1)
    expect(rows[0]).toMatch(/^run \[============------------\] {2}50% 5\/10/)
    expect(rows).toContain('Error: boom')
    expect(rows.filter(row => row.includes('run ['))).toHaveLength(1)
    expect({ wraps, cursorVisible, hidden: raw.includes('?25l') }).toEqual({
      wraps: true,
      cursorVisible: true,
      hidden: false,
    })
  })

  it('leaves a usable terminal behind process.exit', () => {
    const { status, rows, wraps } = shown('exit')
    expect(status).toBe(3)
    expect(rows).toEqual([expect.stringMatching(/^run \[============------------\] {2}50% 5\/10/)])
    expect(wraps).toBe(true)
  })

  it.each([
    ['Ctrl-C', '\x03', 130],
    ['Ctrl-\\', '\x1c', 131],
  ])('leaves a usable terminal behind %s, which ends the process as ever', async (_, key, code) => {
    const child = spawn('script', onTerminal('hang'), { cwd: PROJECT, env: ENV, stdio: ['pipe', 'pipe', 'inherit'] })
    let raw = ''
    const drawn = new Promise<void>(resolveDrawn => {
      child.stdout.setEncoding('utf8').on('data', chunk => {
        raw += chunk
        if (/ready.*run \[/s.test(raw)) resolveDrawn()
      })
    })
    await drawn
    child.stdin.write(key)
    const [exitCode] = await once(child, 'close')
    const { rows, wraps, cursorVisible } = screenOf(raw)
    expect(exitCode).toBe(code)
    expect(rows.slice(0, 2)).toEqual(['ready', 'run [------------------------]   0% 0/10'])
    expect({ wraps, cursorVisible, hidden: raw.includes('?25l') }).toEqual({
      wraps: true,
      cursorVisible: true,
      hidden: false,
    })
  })

  it('does not keep the process alive', () => {
    expect(shown('idle').status).toBe(0)
  })

  it('ends with a full bar however short the run is', () => {
    expect(shown('short').rows).toEqual(['run [========================] 100% 3/3'])
  })
})

describe.skipIf(!supported)('progress in a pipe', () => {
  it('is lines on stderr, and leaves stdout alone', () => {
    const { status, stdout, stderr } = piped('talk')
    expect(status).toBe(0)
    expect(stdout).toBe([...lines('out'), 'end', ''].join('\n'))
    expect(stderr).not.toContain('\x1b')
    const own = stderr.split('\n').filter(line => /^(first|second): /.test(line))
    expect(own).toContain('second: 10/10 (100 %), 2 failed')
    expect(own.at(-1)).toBe('first: 20/20 (100 %), item 20')
    expect(own.length).toBeGreaterThan(5)
    expect(stderr.split('\n').filter(line => line.startsWith('err'))).toEqual(lines('err'))
  })

  it('is nothing under NO_PROGRESS', () => {
    expect(piped('short').stderr).toBe('run: 3/3 (100 %)\nrun: 4/4 (100 %)\n')
    expect(piped('short', { env: { NO_PROGRESS: '1' } })).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('does not keep the process alive', () => {
    expect(piped('idle').status).toBe(0)
  })

  it('does not end the program when nobody reads it', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'silent'], {
      cwd: PROJECT,
      env: ENV,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stderr.destroy()
    let stdout = ''
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    const [exitCode] = await once(child, 'close')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('end')
  })
})
