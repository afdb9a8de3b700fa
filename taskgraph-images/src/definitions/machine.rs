//! What a definition says of the machine that verifies its image, checked.

use taskgraph_images_transforms::{Arch, Firmware, Machine, VerifyMethod};

use super::written::Verify;
use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Spanned};

/// MiB: as much as the smallest systems need, and as QEMU's machines can have.
const MEMORY: std::ops::RangeInclusive<u32> = 128..=1_048_576;
/// As many as QEMU's machines can have without further settings.
const PROCESSORS: std::ops::RangeInclusive<u32> = 1..=255;

/// The machine of a verify task, with what is written of it in its section.
pub(super) fn checked(
    verify: &Verify,
    node: Option<&Node>,
    arch: Arch,
    faults: &mut Vec<Diagnostic>,
) -> Machine {
    let mut machine = Machine::of(arch);
    let Some(written) = &verify.machine else {
        return machine;
    };
    let mut number =
        |given: &Option<Spanned<u32>>, range: std::ops::RangeInclusive<u32>, to: &mut u32| {
            match given {
                Some(given) if range.contains(&given.value) => *to = given.value,
                Some(given) => {
                    let words = format!("expected {} to {}", range.start(), range.end());
                    faults.push(Diagnostic::error("bad-value", words).at(given.place.clone()));
                }
                None => {}
            }
        };
    number(&written.memory, MEMORY, &mut machine.memory);
    number(&written.processors, PROCESSORS, &mut machine.processors);
    if let Some(firmware) = &written.firmware {
        machine.firmware = firmware.value.0;
        if (arch, machine.firmware) == (Arch::Arm64, Firmware::Bios) {
            let fault = Diagnostic::error("bad-value", "machines of arm64 have no BIOS");
            let hint = "leave it out: they start by UEFI";
            faults.push(fault.at(firmware.place.clone()).hint(hint));
        }
    }
    if verify.method.0 != VerifyMethod::Boot {
        let words = format!(
            "`{}` starts no machine, so there is none to describe",
            verify.method.0
        );
        let fault = Diagnostic::error("bad-value", words);
        let place = node.and_then(|node| node.get("machine")).map(Node::place);
        let fault = match place {
            Some(place) => fault.at(place),
            None => fault,
        };
        faults.push(fault.hint("leave `machine` out, or verify by `boot`"));
    }
    machine
}
