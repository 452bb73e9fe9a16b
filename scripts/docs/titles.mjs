import { Converter } from 'typedoc'

/** Calls each guide page by its first heading, where TypeDoc would take the name of the file. */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const heading = document.content.find(({ kind }) => kind === 'text')?.text.match(/^# (.+)$/m)
    if (heading) document.name = heading[1].replaceAll('`', '')
  })
}
