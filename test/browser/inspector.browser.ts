import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BaseTask, resourceLimit, TaskManager, TaskRunner } from '../../src/index.ts'
import { inspect } from '../../src/inspector.ts'
import { task } from '../../src/worker.ts'
import { until } from '../harness.ts'

const HOSTILE = '<img src=x onerror=document.title="taken">'
const SCREENSHOTS = fileURLToPath(new URL('screenshots/', import.meta.url))
/** Milliseconds for a browser on a busy machine. */
const PATIENCE = 100_000
const square = (x: number) => x * x
const forever = ({ signal }: { signal: AbortSignal }) => sleep(1e8, undefined, { signal })

/** Fails with a name that is markup, whose cause says why; runs again by its button. */
class Convert extends BaseTask<void> {
  readonly type = 'kind'
  override readonly name = HOSTILE

  run(): void {
    throw new Error(HOSTILE, { cause: new TypeError('the disk is full') })
  }

  toJSON() {
    return { file: 'a.csv' }
  }

  static readonly type = 'kind'

  static fromJSON() {
    return new Convert()
  }
}

let browser: Browser

beforeAll(async () => {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: PATIENCE })
})

afterAll(async () => {
  await browser.close()
})

/** A page without any error, of a runner and a manager with something of everything. */
async function withPage(
  test: (page: Page, runner: TaskRunner, manager: TaskManager) => Promise<void>,
  readOnly = false,
) {
  const quiet = { closeTimeout: 0, onError() {}, logger: false } as const
  await using runner = await TaskRunner.start({ name: 'documents', workers: 3, tasks: [Convert], ...quiet })
  await using manager = await TaskManager.start({ name: 'crawler', stuckAfter: 1, ...quiet })
  await using worker = task(square, { mode: 'thread', maxWorkers: 2, ...quiet })
  const disk = resourceLimit({ key: 'disk', capacity: 1 })
  await using inspector = await inspect({ runner, manager, worker }, { readOnly })
  await worker(2)
  runner.submit(new Convert(), { tags: ['night'] })
  await until(() => runner.stats().failed === 1)
  for (const name of ['first', 'second']) runner.submit(forever, { name, limits: disk })
  manager.spawn(forever, { name: 'crawl' })
  const page = await browser.newPage()
  page.setDefaultTimeout(PATIENCE)
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => message.type() === 'error' && errors.push(message.text()))
  try {
    await page.goto(inspector.url)
    await page.getByText('live', { exact: true }).waitFor()
    await test(page, runner, manager)
    expect(errors).toEqual([])
    expect(await page.title()).toBe('taskscope')
  } finally {
    await page.close()
  }
}

it('shows what runs and what it waits for', () =>
  withPage(async page => {
    await page.getByRole('row', { name: /first.*running/ }).waitFor()
    await page.getByRole('row', { name: /second.*pending.*limit disk/ }).waitFor()
    await page.getByLabel('Show').selectOption('manager')
    await page.getByRole('row', { name: /crawl/ }).waitFor()
    expect(await page.getByRole('row', { name: /first/ }).count()).toBe(0)
  }))

it('searches the history, and tells of one task, with all names as text', () =>
  withPage(async page => {
    await page.keyboard.press('/')
    await page.keyboard.type('onerror')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: HOSTILE }).click()
    await page.getByRole('heading', { name: HOSTILE }).waitFor()
    await page.getByText('the disk is full').first().waitFor()
    expect(await page.locator('img').count()).toBe(0)
    await page.keyboard.press('Escape')
    expect(await page.getByLabel('Name').inputValue()).toBe('onerror')
    await page.getByLabel('Error').fill('no such error')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText('No ended task fits.').waitFor()
  }))

it('cancels, pauses, resumes and sets the slots', () =>
  withPage(async (page, runner) => {
    await page.getByLabel('Show').selectOption('runner')
    await page.getByRole('button', { name: 'Cancel task 2' }).click()
    await page.getByText('Task 2 has stopped: cancelled.').waitFor()
    expect(runner.getRecord(2)?.status).toBe('cancelled')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('paused', { exact: true }).waitFor()
    expect(runner.stats().paused).toBe(true)
    await page.getByRole('button', { name: 'Resume' }).click()
    await until(() => !runner.stats().paused)
    await page.getByLabel('Slots of runner').fill('7')
    await page.keyboard.press('Enter')
    await until(() => runner.workers === 7)
  }))

it('finds by tag, and runs again', () =>
  withPage(async (page, runner) => {
    await page.keyboard.press('/')
    await page.getByLabel('Tag').fill('NIGHT')
    await page.keyboard.press('Enter')
    const row = page.getByRole('row', { name: /failed/ })
    await row.getByText('night', { exact: true }).waitFor()
    await row.getByRole('link').click()
    await page.getByText("{ file: 'a.csv' }").waitFor()
    await page.getByRole('button', { name: 'Run again' }).click()
    // First, as it goes by itself.
    await page.getByRole('alert').getByText('Task 1 runs again as task 4.').waitFor()
    await page.getByRole('link', { name: 'task 1', exact: true }).waitFor()
    expect(runner.records({ limit: 1 })[0]?.rerunOf).toBe(1)
  }))

it('marks what is stuck, and counts it', () =>
  withPage(async page => {
    await page.getByRole('row', { name: /crawl.*running stuck/ }).waitFor()
    await page.getByText('without a sign of life').waitFor()
    await page.getByRole('link', { name: 'crawl' }).click()
    await page.getByText('Stands still').waitFor()
  }))

it('shows the workers of a pool', () =>
  withPage(async page => {
    await page.keyboard.press('4')
    await page.getByRole('row', { name: /Worker 1.*idle.*1.*MB/ }).waitFor()
  }))

it('is walked through by keys, which it names, and changes its theme', () =>
  withPage(async page => {
    await page.getByRole('row', { name: /first.*running/ }).waitFor()
    const focused = () => page.evaluate('document.activeElement.textContent')
    await page.keyboard.press('j')
    const first = await focused()
    await page.keyboard.press('j')
    expect(await focused()).not.toBe(first)
    await page.keyboard.press('k')
    expect(await focused()).toBe(first)
    const theme = () => page.evaluate('document.documentElement.dataset.theme')
    const before = await theme()
    await page.keyboard.press('t')
    expect(await theme()).not.toBe(before)
    await page.keyboard.press('?')
    await page.locator('#keys[open]').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('#keys[open]').waitFor({ state: 'detached' })
  }))

it('has no action where it is read-only', () =>
  withPage(async page => {
    await page.getByRole('row', { name: /first.*running/ }).waitFor()
    expect(await page.getByRole('button', { name: /Cancel|Pause/ }).count()).toBe(0)
    await page.evaluate(`location.hash = '#/task/runner/1'`)
    await page.getByText('Submitted with').waitFor()
    expect(await page.getByRole('button', { name: 'Run again' }).count()).toBe(0)
  }, true))

it.each([360, 768, 1280])('fits %i pixels in both themes', width =>
  withPage(async page => {
    await page.setViewportSize({ width, height: 900 })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const view of ['now', 'history', 'task/runner/1', 'limits', 'workers']) {
        await page.evaluate(`location.hash = '#/${view}'`)
        await page.locator('main :is(table, .empty, .timeline)').first().waitFor()
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
        await page.screenshot({ path: `${SCREENSHOTS}${view.replaceAll('/', '-')}-${colorScheme}-${width}.png` })
      }
    }
  }),
)
