import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty folder for one test, removed after it. Other users may pass through it, to folders of theirs. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'taskscope-test-'))
  chmodSync(folder, 0o711)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
