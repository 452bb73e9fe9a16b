import { describe, expect, it } from 'vitest'
import { fitted, leavesLineOpen, oneLine, width } from '../../src/progress/text.ts'

describe('oneLine', () => {
  it.each([
    ['a\nb\r\n\tc', 'a b c'],
    ['\x1b[31mred\x1b[0m', 'red'],
    ['\x1b]8;;https://example.org\x07link\x1b]8;;\x07', 'link'],
    ['\x1b[2J\x1b[Hgone', 'gone'],
    ['\x9b2Jeight bits', 'eight bits'],
    ['half \x1b[', 'half  ['],
    ['\u202etxet', 'txet'],
    ['a\u2028b', 'a b'],
    ['\ud800', '\ufffd'],
    ['日本語 👩‍👩‍👧', '日本語 👩‍👩‍👧'],
  ])('makes %j harmless', (text, expected) => {
    expect(oneLine(text)).toBe(expected)
  })

  it('takes no more of a long text than a line could show', () => {
    expect(oneLine('x'.repeat(10_000_000))).toBe(`${'x'.repeat(1_000)}…`)
  })
})

describe('width', () => {
  it.each([
    ['plain', 5],
    ['', 0],
    ['né', 2],
    ['日本語', 6],
    ['한국', 4],
    ['👍', 2],
    ['a…', 2],
  ])('of %j is %i columns', (text, columns) => {
    expect(width(text)).toBe(columns)
  })
})

describe('width, of what is drawn in fewer columns than its characters have,', () => {
  it.each([
    ['ne\u0301', 2],
    ['ﾊﾝ', 2],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['\u200b', 0],
  ])('is enough for %j', (text, columns) => {
    expect(width(text)).toBeGreaterThanOrEqual(columns)
  })
})

describe('fitted', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['a👩‍👩‍👧b', 3, 'a…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
    ['', 0, ''],
    ['abc', -5, ''],
  ])('cuts %j to %i columns', (text, columns, expected) => {
    expect(fitted(text, columns)).toBe(expected)
  })
})

describe('leavesLineOpen', () => {
  it.each([
    ['a\n', true, false],
    ['a\nb', false, true],
    ['Continue? ', false, true],
    ['', true, true],
    ['', false, false],
    ['\x1b[32mdone\x1b[0m\n\x1b[0m', true, false],
    ['\x1b[?25h', false, false],
    ['50 %\r', false, true],
    ['\r', false, false],
    ['a\r\n', true, false],
    [Buffer.from('a\n'), true, false],
    [Buffer.from('é'), false, true],
    [42, true, true],
  ])('tells of %j whether the cursor stays in a line', (chunk, before, after) => {
    expect(leavesLineOpen(chunk, before)).toBe(after)
  })
  it('does not look through a long line', () => {
    expect(leavesLineOpen(`\n${'x'.repeat(1_000_000)}`, false)).toBe(true)
  })
})
