import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../examples/crawl/arguments.ts'
import { Robots } from '../../examples/crawl/robots.ts'
import { crawled, newStore, openSite, Running, run } from './crawl-runs.ts'

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('crawl', () => {
  it('gives each page of a site once, and keeps to what it says', async () => {
    const site = await openSite(120)
    const running = new Running(site.url)
    expect(await running.closed).toEqual([0, null])
    expect(crawled(running.stdout).toSorted()).toEqual(site.paths.toSorted())
    expect([...site.given.values()].filter(times => times !== 1)).toEqual([])
    expect(site.given.size).toBe(site.paths.length)
    expect(site.offences).toEqual([])
    expect(running.stderr).toMatch(/^crawl: \d+ pages, 0 failed$/m)
    expect(running.stderr).toMatch(/^crawled: \d+/m)
  })

  it('goes on where it was stopped, and has nothing left to do at last', async () => {
    const [site, store] = [await openSite(150), newStore()]
    const first = new Running(site.url, '--store', store, '--rate', '60')
    await first.printed(5)
    first.child.kill('SIGINT')
    first.child.kill('SIGINT')
    expect(await first.closed).toEqual([130, null])
    expect(first.stderr).toMatch(/stopped by SIGINT, the rest is kept/)
    const before = new Map(site.given)

    const second = new Running(site.url, '--store', store)
    expect(await second.closed).toEqual([0, null])
    expect(second.stderr).toMatch(/^crawl: \d+ pages were crawled before$/m)
    for (const path of crawled(first.stdout)) expect(site.given.get(path)).toBe(before.get(path))
    expect([...site.given.keys()].toSorted()).toEqual(site.paths.toSorted())

    const given = new Map(site.given)
    const third = new Running(site.url, '--store', store)
    expect(await third.closed).toEqual([0, null])
    expect(third.stdout).toBe('')
    expect(new Map(site.given)).toEqual(given)
  })

  it('serves a site of its own, and ends when the reader has left', async () => {
    const running = new Running('--pages', '100000')
    await running.printed(1)
    running.child.stdout?.destroy()
    expect(await once(running.child, 'exit')).toEqual([0, null])
    expect(running.stderr).not.toMatch(/EPIPE|Error/)
  })

  it.each([
    [['nowhere'], /the URL must be one of http or https, got "nowhere"/],
    [['file:///etc/passwd'], /http or https/],
    [['http://a', 'http://b'], /there can be one URL, got 2/],
    [['--pages', '0'], /--pages must be a whole number from 1 to 100000, got "0"/],
    [['--rate', 'fast'], /--rate must be a whole number/],
    [['--store', ''], /--store must name a file/],
    [['--what'], /--what/],
  ])('refuses %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message)
  })

  it('says in one line what is wrong', async () => {
    const wrong = run('--pages', 'x')
    expect(wrong).toMatchObject({ status: 2, stdout: '' })
    expect(wrong.stderr).toMatch(/^crawl: --pages must .*\(--help says more\)\n$/)
    expect(run('--help')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^Usage: /) })
    const place = run('--pages', '1', '--store', '/proc/nothing/crawl.db')
    expect(place).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(/^crawl: .*\n$/) })
  })
})

describe('robots.txt', () => {
  const allows = (text: string, path: string) =>
    new Robots(text, 'taskscope-crawl').allows(new URL(path, 'http://host'))

  it.each([
    ['', '/', true],
    ['User-agent: *\nDisallow: /', '/page', false],
    ['User-agent: *\nDisallow:', '/page', true],
    ['user-AGENT : * # all\r\ndisallow: /a # not there', '/a/b', false],
    ['User-agent: *\nDisallow: /a\nAllow: /a/b', '/a/b/c', true],
    ['User-agent: *\nAllow: /a\nDisallow: /a', '/a', true],
    ['User-agent: *\nDisallow: /*.pdf$', '/x/y.pdf', false],
    ['User-agent: *\nDisallow: /*.pdf$', '/x/y.pdf?page=1', true],
    ['User-agent: *\nDisallow: /find?*q=', '/find?p=1&q=x', false],
    ['User-agent: *\nDisallow: /(a|b)+', '/a', true],
    ['User-agent: *\nDisallow: /\n\nUser-agent: Taskscope-Crawl\nDisallow: /b', '/a', true],
    ['User-agent: other\nUser-agent: taskscope-crawl\nDisallow: /', '/a', false],
    ['User-agent: other\nDisallow: /\nnonsense\n: :', '/a', true],
    ['Disallow: /', '/a', true],
  ])('%j says of %s: %s', (text, path, expected) => {
    expect(allows(text, path)).toBe(expected)
  })
})
