## Abuse

abuse-calm = I understand that you are upset. Here is what I can tell you.
abuse-only = I understand that you are upset. Tell me what happened and I will try to help, or call an operator.
