import { describe, expect, it } from 'vitest'
import { crawled, newStore, openSite, Running } from './crawl-runs.ts'

/** The most that is on its way when the process dies: one page each. */
const WORKERS = 32

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('a crawl that is killed', () => {
  it('loses no page, and fetches none again that it has told of', { timeout: 120_000 }, async () => {
    const [site, store] = [await openSite(600), newStore()]
    const told = new Set<string>()
    const kills = [1, 40, 100, 7, 150]
    for (const pages of kills) {
      const before = new Map(site.given)
      const running = new Running(site.url, '--store', store)
      await running.printed(pages)
      running.child.kill('SIGKILL')
      await running.closed
      for (const path of told) expect(site.given.get(path), path).toBe(before.get(path))
      for (const path of crawled(running.stdout)) {
        expect(told.has(path), path).toBe(false)
        told.add(path)
      }
    }
    const before = new Map(site.given)
    const last = new Running(site.url, '--store', store)
    expect(await last.closed).toEqual([0, null])
    for (const path of told) expect(site.given.get(path), path).toBe(before.get(path))
    for (const path of crawled(last.stdout)) expect(told.has(path), path).toBe(false)
    expect([...site.given.keys()].toSorted()).toEqual(site.paths.toSorted())
    const again = [...site.given.values()].reduce((sum, times) => sum + times - 1, 0)
    expect(again).toBeLessThanOrEqual(kills.length * WORKERS)
    // How long a page wants to be left alone only the process knew that has died.
    expect(site.offences.filter(offence => !offence.endsWith(' too early'))).toEqual([])

    const idle = new Running(site.url, '--store', store)
    expect(await idle.closed).toEqual([0, null])
    expect(idle.stdout).toBe('')
    expect(idle.stderr).toMatch(new RegExp(`^crawl: ${site.paths.length} pages were crawled before$`, 'm'))
  })
})
