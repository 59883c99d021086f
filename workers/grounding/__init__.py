"""Is an answer supported by its context? Features of their alignment, and a model fitted on public judgements.

weights.json was fitted by the command it holds on BEGIN (CC BY 4.0, CDLA-Sharing 1.0), FaithDial's audit (MIT), WiCE
(CC BY-SA 4.0), DialFact (BSD-3-Clause), Q² (MIT), RussianSuperGLUE's human benchmark (MIT) and XQuAD (CC BY-SA
4.0). It holds means, deviations and weights, no row of theirs.
"""
