/** Elements are described as `[tag, attributes, ...children]`; every text becomes a text node and never markup. */
export function h(tag, attributes, ...children) {
  return {
    tag,
    attributes: attributes ?? {},
    children: children.flat(9).filter(each => each != null && each !== false),
  }
}

const SVG = 'http://www.w3.org/2000/svg'

/** Makes what is in `parent` what is described, and leaves alone what is so already: focus, selection and scroll stay. */
export function render(parent, ...children) {
  patchChildren(
    parent,
    children.flat(9).filter(each => each != null && each !== false),
    parent.namespaceURI === SVG,
  )
}

function patchChildren(parent, wanted, svg) {
  const keyed = new Map()
  for (const node of parent.childNodes) if (node.dataset?.key !== undefined) keyed.set(node.dataset.key, node)
  let current = parent.firstChild
  for (const one of wanted) {
    const key = one.attributes?.['data-key']
    const known = key === undefined ? undefined : keyed.get(String(key))
    if (known !== undefined && known !== current) {
      parent.insertBefore(known, current)
      current = known
    }
    if (current !== null && fits(current, one)) {
      patch(current, one, svg)
      current = current.nextSibling
    } else {
      parent.insertBefore(create(one, svg), current)
    }
  }
  while (current !== null) {
    const next = current.nextSibling
    current.remove()
    current = next
  }
}

function fits(node, wanted) {
  if (typeof wanted !== 'object') return node.nodeType === Node.TEXT_NODE
  if (node.nodeType !== Node.ELEMENT_NODE || node.localName !== wanted.tag) return false
  const key = wanted.attributes['data-key']
  return node.dataset.key === (key === undefined ? undefined : String(key))
}

function create(wanted, svg) {
  if (typeof wanted !== 'object') return document.createTextNode(String(wanted))
  const inside = svg || wanted.tag === 'svg'
  const node = inside ? document.createElementNS(SVG, wanted.tag) : document.createElement(wanted.tag)
  if (wanted.attributes.open === true) node.setAttribute('open', '')
  patch(node, wanted, inside)
  return node
}

function patch(node, wanted, svg) {
  if (typeof wanted !== 'object') {
    const text = String(wanted)
    if (node.data !== text) node.data = text
    return
  }
  for (const name of node.getAttributeNames())
    if (!given(wanted.attributes[name]) && !isTheirs(node, name)) node.removeAttribute(name)
  for (const [name, value] of Object.entries(wanted.attributes)) {
    if (!given(value) || isTheirs(node, name)) continue
    const text = value === true ? '' : String(value)
    if (node.getAttribute(name) === text) continue
    node.setAttribute(name, text)
    // What a person is typing stays theirs.
    if (name === 'value' && node !== document.activeElement) node.value = text
  }
  patchChildren(node, wanted.children, svg || node.localName === 'svg')
}

function given(value) {
  return value !== undefined && value !== null && value !== false
}

/** Whether a `details` is open is for the person to say once it is there. */
function isTheirs(node, name) {
  return name === 'open' && node.localName === 'details'
}
