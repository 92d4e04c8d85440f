// A message centre for tests and the demo. Listens on a free loopback port, writes what happens as
// lines of JSON to standard output, and takes orders as lines of JSON from standard input:
//
//   {"password": "…"}      bind only with it              {"receipts": "text"|"tlv"|"none"}
//   {"delay": 50}          milliseconds until a receipt    {"state": "DELIVRD"}
//   {"throttle": 3}        refuse the next 3 submits       {"refuse": 11}  status of all submits
//   {"silent": true}       take submits, answer nothing    {"hangup": true}  drop all connections
//   {"quiet": true}        write no line per submit        {"count": true}  write the counts
//   {"record": "file"}     append a line of JSON per submit to this file, before it is answered
//   {"unreachable": "7"}   numbers that end so get receipts of the state UNDELIV
//   {"reply": "…", "by": "8617…", "to": "96110"}  deliver what somebody wrote back
//
// Ends when standard input does.
'use strict';
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const orders = {
  receipts: 'text', delay: 20, state: 'DELIVRD', throttle: 0, refuse: 0, password: null, record: null,
  unreachable: null,
};
const sessions = new Set();
const pieces = new Map();
const counts = { submits: 0, messages: 0, receipts: 0, enquiries: 0 };
const STATES = { ENROUTE: 1, DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, UNKNOWN: 7, REJECTD: 8 };
let lastId = 0;

function tell(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

function partOf(pdu) {
  const message = pdu.short_message;
  const text = typeof message.message === 'string' ? message.message : String(message.message);
  const header = (message.udh || []).find((one) => one[0] === 0x08);
  if (!header) return { text, reference: 0, total: 1, at: 1 };
  return { text, reference: header[2] * 256 + header[3], total: header[4], at: header[5] };
}

function whole(pdu, part) {
  // Returns the text once all parts are there; null before.
  const { text, reference, total, at } = part;
  if (total === 1) return { text, parts: 1 };
  const key = [pdu.source_addr, pdu.destination_addr, reference, total].join('|');
  const have = pieces.get(key) || new Map();
  have.set(at, text);
  pieces.set(key, have);
  if (have.size < total) return null;
  pieces.delete(key);
  return { text: [...Array(total).keys()].map((i) => have.get(i + 1)).join(''), parts: total };
}

function receipt(session, pdu, id) {
  if (orders.receipts === 'none' || !pdu.registered_delivery) return;
  const gone = orders.unreachable !== null && pdu.destination_addr.endsWith(orders.unreachable);
  const state = gone ? 'UNDELIV' : orders.state;
  setTimeout(() => {
    const delivery = {
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
      short_message: '',
    };
    if (orders.receipts === 'tlv') {
      delivery.receipted_message_id = id;
      delivery.message_state = STATES[state];
    } else {
      delivery.short_message = `id:${id} sub:001 dlvrd:001 submit date:2611250101 ` +
        `done date:2611250101 stat:${state} err:000 text:`;
    }
    session.deliver_sm(delivery, (answer) => {
      counts.receipts += 1;
      if (!orders.quiet) tell({ event: 'receipted', id, status: answer.command_status });
    });
  }, orders.delay);
}

function submitted(session, pdu) {
  if (orders.throttle > 0) {
    orders.throttle -= 1;
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  if (orders.refuse) {
    session.send(pdu.response({ command_status: orders.refuse }));
    return;
  }
  counts.submits += 1;
  lastId += 1;
  const id = lastId.toString(16).padStart(8, '0');
  const part = partOf(pdu);
  if (orders.record) {
    fs.appendFileSync(orders.record, JSON.stringify({ to: pdu.destination_addr, ...part }) + '\n');
  }
  const got = whole(pdu, part);
  if (got) {
    counts.messages += 1;
    if (!orders.quiet) {
      tell({
        event: 'message', id, to: pdu.destination_addr, from: pdu.source_addr, text: got.text,
        parts: got.parts, data_coding: pdu.data_coding, priority: pdu.priority_flag,
      });
    }
  }
  if (orders.silent) return;
  session.send(pdu.response({ message_id: id }));
  receipt(session, pdu, id);
}

const server = smpp.createServer((session) => {
  sessions.add(session);
  session.on('error', () => session.destroy());
  session.on('close', () => sessions.delete(session));
  session.on('bind_transceiver', (pdu) => {
    const wrong = orders.password !== null && pdu.password !== orders.password;
    tell({ event: 'bind', system_id: pdu.system_id, accepted: !wrong });
    const status = wrong ? smpp.ESME_RINVPASWD : 0;
    session.send(pdu.response({ command_status: status, system_id: 'smsc.test' }));
  });
  session.on('enquire_link', (pdu) => {
    counts.enquiries += 1;
    if (!orders.quiet) tell({ event: 'enquiry' });
    if (!orders.silent) session.send(pdu.response());
  });
  session.on('submit_sm', (pdu) => submitted(session, pdu));
  session.on('unbind', (pdu) => {
    tell({ event: 'unbind' });
    session.send(pdu.response());
    session.close();
  });
});

server.listen(0, '127.0.0.1', () => tell({ event: 'listening', port: server.address().port }));

readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line);
    if (order.hangup) {
      for (const session of sessions) session.destroy();
    } else if (order.reply !== undefined) {
      const [session] = sessions;
      const text = { source_addr: order.by, destination_addr: order.to, short_message: order.reply };
      session.deliver_sm({ source_addr_ton: 1, source_addr_npi: 1, ...text }, (answer) => {
        tell({ event: 'replied', status: answer.command_status });
      });
    } else if (order.count) {
      tell({ event: 'count', ...counts });
    } else {
      Object.assign(orders, order);
      tell({ event: 'ordered' });
    }
  })
  .on('close', () => process.exit(0));
