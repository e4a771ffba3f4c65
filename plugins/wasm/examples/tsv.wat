;; The format `tsv`: one line for each message with its time, its author's login name and its text.
;;
;; Tabs and line breaks stay what they are in JSON, `\t` and `\n`, so a line is a message and a tab is the
;; end of a column. INTERFACE.md says what is exported here, and why. To use it:
;;
;;     wat2wasm tsv.wat -o <data>/plugins/tsv.wasm
(module
  (memory (export "memory") 2)

  ;; What lies where: the texts of this file from 16; the input from 65536; the output behind the input.
  (data (i32.const 16) "time\tauthor\ttext\n")
  (data (i32.const 64)
    "{\"abi\":1,\"name\":\"tsv\",\"version\":\"1.0.0\","
    "\"description\":\"Tab-separated values: a line for each message with time, author and text\","
    "\"extension\":\"tsv\",\"media_type\":\"text/tab-separated-values; charset=utf-8\","
    "\"options\":{\"type\":\"object\",\"properties\":{"
    "\"header\":{\"type\":\"boolean\",\"default\":true,\"description\":\"Begin with a line of column names\"}}}}")
  (global $described i64 (i64.const 339))
  (data (i32.const 512) "options")
  (data (i32.const 528) "header")

  ;; Where the next byte of the output goes.
  (global $out (mut i32) (i32.const 0))
  ;; Where the output of this call begins.
  (global $from (mut i32) (i32.const 0))
  ;; What the last object has: places of values, 0 if they are missing.
  (global $rid (mut i32) (i32.const 0))
  (global $msg (mut i32) (i32.const 0))
  (global $ts (mut i32) (i32.const 0))
  (global $u (mut i32) (i32.const 0))
  (global $username (mut i32) (i32.const 0))

  (func (export "roomscribe_abi_1"))

  (func (export "roomscribe_describe") (result i64)
    (i64.or (i64.shl (i64.const 64) (i64.const 32)) (global.get $described)))

  ;; The input always lies at the same place. What is written about it is never longer than itself, but
  ;; for the column names; so twice its length, and a page, is enough. 0: there is no memory.
  (func (export "roomscribe_alloc") (param $length i32) (result i32)
    (local $pages i32)
    (local.set $pages
      (i32.sub
        (i32.add (i32.const 3) (i32.shr_u (local.get $length) (i32.const 15)))
        (memory.size)))
    (if (i32.gt_s (local.get $pages) (i32.const 0))
      (then
        (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then (return (i32.const 0))))))
    (i32.const 65536))

  (func (export "roomscribe_begin") (param $at i32) (param $length i32) (result i64)
    (local $value i32)
    (call $output (i32.add (local.get $at) (local.get $length)))
    (local.set $value (call $find (local.get $at) (i32.const 512) (i32.const 7)))
    (if (local.get $value)
      (then (local.set $value (call $find (local.get $value) (i32.const 528) (i32.const 6)))))
    ;; The host has filled in the default: there is always a value, `true` or `false`.
    (if (i32.eqz (local.get $value)) (then (return (i64.const 0))))
    (if (i32.eq (i32.load8_u (local.get $value)) (i32.const 0x74)) ;; t
      (then
        (memory.copy (global.get $out) (i32.const 16) (i32.const 17))
        (global.set $out (i32.add (global.get $out) (i32.const 17)))))
    (call $result))

  (func (export "roomscribe_write") (param $at i32) (param $length i32) (result i64)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (call $output (local.get $end))
    (block $done
      (loop $line
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (global.set $rid (i32.const 0))
        (global.set $msg (i32.const 0))
        (global.set $ts (i32.const 0))
        (global.set $u (i32.const 0))
        (global.set $username (i32.const 0))
        (local.set $at (call $look (local.get $at)))
        ;; Only messages have a `rid`.
        (if (global.get $rid)
          (then
            (if (global.get $u) (then (drop (call $look (global.get $u)))))
            (call $field (global.get $ts))
            (call $put (i32.const 9))
            (call $field (global.get $username))
            (call $put (i32.const 9))
            (call $field (global.get $msg))
            (call $put (i32.const 10))))
        ;; The line feed.
        (local.set $at (call $blanks (local.get $at)))
        (br $line)))
    (call $result))

  (func (export "roomscribe_finish") (result i64)
    (i64.const 0))

  ;; The output of this call begins there.
  (func $output (param $at i32)
    (global.set $from (local.get $at))
    (global.set $out (local.get $at)))

  ;; What was written in this call.
  (func $result (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (global.get $from)) (i64.const 32))
      (i64.extend_i32_u (i32.sub (global.get $out) (global.get $from)))))

  (func $put (param $byte i32)
    (i32.store8 (global.get $out) (local.get $byte))
    (global.set $out (i32.add (global.get $out) (i32.const 1))))

  ;; The string at this place as it stands in JSON, but for `\"`, which needs no backslash here.
  (func $field (param $at i32)
    (local $byte i32)
    (if (i32.eqz (local.get $at)) (then (return)))
    (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 0x22)) (then (return)))
    (block $done
      (loop $next
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (br_if $done (i32.eq (local.get $byte) (i32.const 0x22)))
        (if (i32.eq (local.get $byte) (i32.const 0x5c))
          (then
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $byte (i32.load8_u (local.get $at)))
            (if (i32.ne (local.get $byte) (i32.const 0x22))
              (then (call $put (i32.const 0x5c))))))
        (call $put (local.get $byte))
        (br $next))))

  ;; Behind the blanks at this place.
  (func $blanks (param $at i32) (result i32)
    (block $done
      (loop $next
        ;; Behind the input lies 0, or older output; no blank is needed there.
        (br_if $done (i32.gt_u (i32.load8_u (local.get $at)) (i32.const 0x20)))
        (br_if $done (i32.ge_u (local.get $at) (global.get $from)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $at))

  ;; Behind the string at this place.
  (func $string (param $at i32) (result i32)
    (local $byte i32)
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 0x5c))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (br_if $next (i32.ne (local.get $byte) (i32.const 0x22))))
    (i32.add (local.get $at) (i32.const 1)))

  ;; Behind the value at this place.
  (func $value (param $at i32) (result i32)
    (local $byte i32)
    (local $depth i32)
    (loop $next
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 0x22))
        (then
          (local.set $at (call $string (local.get $at)))
          (br_if $next (local.get $depth))
          (return (local.get $at))))
      ;; { and [ differ by one bit from } and ].
      (if (i32.eq (i32.or (local.get $byte) (i32.const 0x20)) (i32.const 0x7b))
        (then
          (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (if (i32.eq (i32.or (local.get $byte) (i32.const 0x20)) (i32.const 0x7d))
        (then
          ;; The end of what a number or word stands in.
          (if (i32.eqz (local.get $depth)) (then (return (local.get $at))))
          (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $next (local.get $depth))
          (return (local.get $at))))
      (if (i32.and (i32.eqz (local.get $depth)) (i32.eq (local.get $byte) (i32.const 0x2c)))
        (then (return (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; Notes where the values of the object at this place lie, and returns what is behind it.
  (func $look (param $at i32) (result i32)
    (local $key i32)
    (local $value i32)
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (loop $next
      (local.set $at (call $blanks (local.get $at)))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x7d))
        (then (return (i32.add (local.get $at) (i32.const 1)))))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x2c))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (local.set $key (i32.add (local.get $at) (i32.const 1)))
      (local.set $value (call $after_colon (call $string (local.get $at))))
      ;; Four bytes of the key, read at once: `rid"`, `msg"`, `ts"`, `u"`, and `user` of `username"`.
      (if (i32.eq (i32.load (local.get $key)) (i32.const 0x22646972))
        (then (global.set $rid (local.get $value))))
      (if (i32.eq (i32.load (local.get $key)) (i32.const 0x2267736d))
        (then (global.set $msg (local.get $value))))
      (if (i32.eq (i32.and (i32.load (local.get $key)) (i32.const 0xffffff)) (i32.const 0x227374))
        (then (global.set $ts (local.get $value))))
      (if (i32.eq (i32.load16_u (local.get $key)) (i32.const 0x2275))
        (then (global.set $u (local.get $value))))
      (if (i64.eq (i64.load (local.get $key)) (i64.const 0x656d616e72657375))
        (then (global.set $username (local.get $value))))
      (local.set $at (call $value (local.get $value)))
      (br $next))
    (unreachable))

  ;; The value of that key in the object at this place, 0 if there is none.
  (func $find (param $at i32) (param $key i32) (param $length i32) (result i32)
    (local $name i32)
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (loop $next
      (local.set $at (call $blanks (local.get $at)))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x7d)) (then (return (i32.const 0))))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x2c))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (local.set $name (i32.add (local.get $at) (i32.const 1)))
      (local.set $at (call $string (local.get $at)))
      (if (i32.and
            (i32.eq (i32.sub (i32.sub (local.get $at) (local.get $name)) (i32.const 1)) (local.get $length))
            (call $same (local.get $name) (local.get $key) (local.get $length)))
        (then (return (call $after_colon (local.get $at)))))
      (local.set $at (call $value (call $after_colon (local.get $at))))
      (br $next))
    (unreachable))

  (func $after_colon (param $at i32) (result i32)
    (call $blanks (i32.add (call $blanks (local.get $at)) (i32.const 1))))

  ;; Whether the same bytes lie at both places.
  (func $same (param $a i32) (param $b i32) (param $length i32) (result i32)
    (loop $next
      (if (i32.eqz (local.get $length)) (then (return (i32.const 1))))
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (br_if $next
        (i32.eq
          (i32.load8_u (i32.add (local.get $a) (local.get $length)))
          (i32.load8_u (i32.add (local.get $b) (local.get $length))))))
    (i32.const 0)))
