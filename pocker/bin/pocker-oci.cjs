#!/usr/bin/env node
// `pocker oci` as a program of its own: engines start it for every container, so it loads one script, and that from V8's cache.
// POCKER_OCI_CACHE=1 makes the cache anew, of the functions that this very run has used.
'use strict'
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const { wrap } = require('node:module')
const { Script } = require('node:vm')
const { bundle, isFresh } = require('./fresh.cjs')

const file = bundle('pocker-oci.cjs')

function run() {
  const script = new Script(wrap(readFileSync(file, 'utf8')), { filename: file, cachedData: cache() })
  if (process.env.POCKER_OCI_CACHE) {
    process.on('exit', () => {
      writeFileSync(`${file}.${process.pid}`, script.createCachedData())
      renameSync(`${file}.${process.pid}`, `${file}.cache`)
    })
  }
  script.runInThisContext()(exports, require, module, file, bundle('.'))
}

/** V8 itself refuses what another version of it has made, or was made of another script. */
function cache() {
  try {
    return readFileSync(`${file}.cache`)
  } catch {
    return undefined
  }
}

if (isFresh('pocker-oci.cjs')) run()
else void import('./build.mjs').then(({ made }) => made('pocker-oci.cjs', run))
