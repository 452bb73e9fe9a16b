import { describe, expect, it } from 'vitest'
import { BaseTask, TaskRunner } from '../../src/index.ts'

/** As JavaScript has them. */
function classWith(own: unknown, ofInstance?: string): new () => BaseTask<number> {
  return class Task extends BaseTask<number> {
    static readonly type = own as string
    declare readonly type: string
    constructor() {
      super()
      if (ofInstance !== undefined) Object.assign(this, { type: ofInstance })
    }
    run() {
      return 1
    }
    static fromJSON = () => new (classWith(own, ofInstance))()
  }
}

describe('the type of a class', () => {
  it('is that of its tasks', async () => {
    await using runner = await TaskRunner.start()
    const handle = runner.submit(new (classWith('resize'))())
    expect(await handle).toBe(1)
    expect(handle.record().type).toBe('resize')
  })

  it('is not another than that of a task', async () => {
    await using runner = await TaskRunner.start()
    expect(() => runner.submit(new (classWith('resize', 'crop'))())).toThrow(
      new RangeError('type of a Task must be that of its class, "resize", got "crop"'),
    )
    expect(runner.stats().submitted).toBe(0)
    expect(await runner.submit(new (classWith('resize', 'resize'))())).toBe(1)
  })

  it.each([5, '', null, {}])('is refused at the start when it is %o', async own => {
    await expect(TaskRunner.start({ tasks: [classWith(own) as never] })).rejects.toThrow(
      /^tasks: the static type of Task must be a string that is not empty, got /,
    )
  })

  it('is refused at the start when two classes have the same', async () => {
    const tasks = [classWith('resize'), classWith('resize')] as never[]
    await expect(TaskRunner.start({ tasks })).rejects.toThrow('two classes are called "resize" in the store')
  })
})
