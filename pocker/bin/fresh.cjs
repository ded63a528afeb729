// Whether a bundle is there and no source is newer than it. Plain, for it runs before everything else, each time.
'use strict'
const { readFileSync, statSync } = require('node:fs')
const { join } = require('node:path')

const dist = join(__dirname, '../dist')
const root = join(__dirname, '../../')

exports.bundle = (file) => join(dist, file)
exports.inputs = (file) => join(dist, `${file}.inputs.json`)
exports.isFresh = (file) => {
  try {
    const made = statSync(exports.bundle(file)).mtimeMs
    const sources = JSON.parse(readFileSync(exports.inputs(file), 'utf8'))
    return sources.every((source) => statSync(root + source).mtimeMs <= made) // join() would take 3 ms
  } catch {
    return false
  }
}
