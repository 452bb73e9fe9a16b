import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { binariesOf } from './binaries.ts'
import { temporaryFolder } from './temporary-folder.ts'

function folderWith(folder: string, ...programs: string[]): string {
  mkdirSync(folder, { recursive: true })
  for (const program of programs) writeFileSync(join(folder, program), '', { mode: 0o755 })
  return folder
}

describe('binariesOf', () => {
  it('gives the first folder of the path that has all programs', () => {
    const root = temporaryFolder()
    const half = folderWith(join(root, 'half'), 'postgres')
    const whole = folderWith(join(root, 'whole'), 'postgres', 'initdb', 'redis-server')
    const path = [half, join(root, 'missing'), whole].join(delimiter)
    expect(binariesOf('postgres', path, root)).toBe(whole)
    expect(binariesOf('redis', path, root)).toBe(whole)
  })

  it('finds the newest PostgreSQL that is not on the path', () => {
    const root = temporaryFolder()
    for (const version of ['9', '15', '17']) folderWith(join(root, version, 'bin'), 'postgres', 'initdb')
    expect(binariesOf('postgres', '', root)).toBe(join(root, '17', 'bin'))
  })

  it('passes over a file that can not be run', () => {
    const root = temporaryFolder()
    writeFileSync(join(root, 'redis-server'), '', { mode: 0o644 })
    expect(binariesOf('redis', root)).toBeUndefined()
  })

  it('finds nothing where there is nothing', () => {
    expect(binariesOf('redis', '')).toBeUndefined()
    expect(binariesOf('postgres', '', join(temporaryFolder(), 'missing'))).toBeUndefined()
  })
})
