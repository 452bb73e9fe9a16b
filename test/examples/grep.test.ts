import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../servers/temporary-folder.ts'

const SCRIPT = resolve(import.meta.dirname, '../../examples/grep/main.ts')

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('grep', () => {
  function run(...args: string[]) {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'inner', 'node_modules'), { recursive: true })
    writeFileSync(join(folder, 'one.txt'), 'first needle\nnothing\n  needle again\n')
    writeFileSync(join(folder, 'inner', 'two.txt'), 'needle\n'.repeat(1_000))
    writeFileSync(join(folder, 'inner', 'node_modules', 'three.txt'), 'needle\n')
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { timeout: 50_000, cwd: folder })
    return { status, lines: stdout.toString().split('\n').slice(0, -1), stderr: stderr.toString() }
  }

  it.each(['async', 'thread', 'process'])('prints each line once in the mode %s', mode => {
    const { status, lines, stderr } = run('needle', '.', '--mode', mode)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '1002 found in 2 files, done\n' })
    expect(new Set(lines).size).toBe(1_002)
    expect(lines).toContain('one.txt:3: needle again')
  })

  it('stops at so many', () => {
    const { status, lines, stderr } = run('^needle', 'inner', '--max', '40')
    expect(lines.at(-1)).toBe('inner/two.txt:40: needle')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '40 found in 1 files, cancelled\n' })
  })

  it('says what is wrong', () => {
    expect(run('absent')).toMatchObject({ status: 1, lines: [] })
    expect(run('(')).toMatchObject({ status: 2, stderr: expect.stringContaining('Unterminated group') })
    expect(run('needle', '--mode', 'sync')).toMatchObject({ status: 2, stderr: expect.stringContaining('usage') })
    expect(run('needle', '--nope')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^grep: .*'--nope'.*\nusage/),
    })
  })
})
