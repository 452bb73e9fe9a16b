/** Cancels that were asked for and have not been answered: their work has not stopped. */
const asked = new Set()
let notify = () => {}

export const keyOf = (target, id) => `${target}\n${id}`
export const isStopping = (target, id) => asked.has(keyOf(target, id))

export function onNotice(tell) {
  notify = tell
}

export async function act(target, action, more = {}) {
  const key = keyOf(target, more.id)
  if (action === 'cancel') {
    if (asked.has(key)) return
    asked.add(key)
  }
  try {
    const response = await fetch('api/action', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ target, action, ...more }),
    })
    const said = await response.json()
    if (!response.ok) notify(said.error, true)
    else if (action === 'cancel') notify(outcome(more.id, said), said.abandoned)
    else if (action === 'rerun') {
      notify(`Task ${more.id} runs again as task ${said.id}.`)
      location.hash = `#/task/${encodeURIComponent(target)}/${said.id}`
    }
  } catch (error) {
    notify(`The process did not answer: ${error.message}`, true)
  } finally {
    asked.delete(key)
  }
}

function outcome(id, { cancelled, abandoned, status }) {
  if (abandoned) return `Task ${id} was given up: its work did not stop and may still run.`
  return cancelled ? `Task ${id} has stopped: ${status}.` : `Task ${id} had already ended.`
}
